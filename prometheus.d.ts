/** What is asked of a `Registry` of prom-client, which is not needed for {@link metricsText}. */
export interface PromClientRegistry {
  registerMetric(metric: any): void
  removeSingleMetric(name: string): void
}

/** The content type of {@link metricsText}: text exposition format 0.0.4. */
export const contentType: string

/**
 * The figures of all caches, limiters, locks, sessions and clients of this thread by their names, in the text exposition format of Prometheus, such as
 * `redwright_cache_hits_total{cache="user"} 12`. Reads plain counters, no I/O. Never holds a key.
 *
 * @example
 * ```ts
 * app.get('/metrics', (_request, response) => response.type(contentType).send(metricsText()))
 * ```
 */
export function metricsText(): string

/**
 * Adds the same to a registry of prom-client 15, which reads them when it is scraped. Gives what takes them out again.
 * @throws Error where they are in this registry already
 */
export function registerWith(registry: PromClientRegistry): () => void
