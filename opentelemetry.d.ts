/** What is asked of a `Meter` of `@opentelemetry/api`. */
export interface MeterLike {
  createObservableCounter(name: string, options?: any): any
  createObservableGauge(name: string, options?: any): any
  addBatchObservableCallback(callback: (result: any) => void, observables: any[]): void
  removeBatchObservableCallback(callback: (result: any) => void, observables: any[]): void
}

/** What is asked of a `MeterProvider` of `@opentelemetry/api`. */
export interface MeterProviderLike {
  getMeter(name: string, version?: string, options?: any): MeterLike
}

/**
 * Has OpenTelemetry read the figures of all caches, limiters, locks, sessions and clients of this thread by their names, whenever it collects: observable counters and
 * gauges such as `redwright.cache.hits`, with the attribute `redwright.cache.name`, `redwright.limiter.name`, `redwright.lock.name`, `redwright.session.name` or `redwright.client.name`. Reads
 * plain counters, no I/O. Never holds a key. Gives what ends it.
 *
 * @example
 * ```ts
 * import { metrics } from '@opentelemetry/api'
 * instrument(metrics.getMeterProvider())
 * ```
 */
export function instrument(meter: MeterLike | MeterProviderLike): () => void
