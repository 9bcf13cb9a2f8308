'use strict'

// Which figures the doors of observability tell, under which names. What is not in here they do not tell.

/**
 * @typedef {object} Metric
 * @property {string} key where it stands in what `metrics()` gives, flattened
 * @property {string} name in dots, behind `redwright.<kind>.`
 * @property {'counter' | 'gauge'} type
 * @property {string} unit as UCUM has it
 * @property {number} scale from what `metrics()` counts to `unit`
 * @property {string} help
 */

/** @typedef {'cache' | 'client' | 'limiter' | 'lock' | 'next' | 'page' | 'session'} Kind */

/** @type {(type: Metric['type']) => (key: string, name: string, unit: string, help: string, scale?: number) => Metric} */
const of = (type) => (key, name, unit, help, scale = 1) => ({ key, name, type, unit, scale, help })
const counter = of('counter')
const gauge = of('gauge')

/** @type {Record<Kind, readonly Metric[]>} */
const TABLES = {
  cache: [
    counter('hits', 'hits', '{hit}', 'Reads that found an entry.'),
    counter('misses', 'misses', '{miss}', 'Reads that found none, or none that can be read.'),
    counter('nearHits', 'near.hits', '{hit}', 'Hits that were answered from the memory of the process.'),
    counter('staleHits', 'stale.hits', '{hit}', 'Hits that were answered with an entry past its ttl.'),
    counter('negativeHits', 'negative.hits', '{hit}', 'Hits on an entry that says that there is nothing.'),
    counter('loads', 'loads', '{load}', 'Calls of a fetcher.'),
    counter('loadFailures', 'load.failures', '{load}', 'Calls of a fetcher that failed.'),
    counter('loadMs', 'load.time', 's', 'Time that fetchers took, in all.', 1 / 1000),
    counter('coalesced', 'coalesced', '{call}', 'Callers that shared a load or a read that was under way.'),
    counter('leaseWaits', 'lease.waits', '{call}', 'Callers that waited for the load of another process.'),
    counter('refreshes', 'refreshes', '{load}', 'Loads ahead of the end of an entry, or behind a stale answer.'),
    counter('stores', 'stores', '{entry}', 'Entries stored.'),
    counter('unreadable', 'unreadable', '{entry}', 'Entries found that could not be read, and counted as misses.'),
    counter('schemaMisses', 'schema.misses', '{entry}', 'Entries found that did not fit the schema, and counted as misses.'),
    counter('errors', 'errors', '{error}', 'Times that a read went on without the cache.'),
    counter('degraded', 'degraded', '{call}', 'Calls answered in place of Redis.'),
    counter('bytesRead', 'read', 'By', 'Bytes of values read from Redis.'),
    counter('bytesWritten', 'written', 'By', 'Bytes of values sent to Redis.'),
    counter('nearEvictions', 'near.evictions', '{entry}', 'Entries put out of the memory of the process for want of room.'),
    gauge('nearEntries', 'near.entries', '{entry}', 'Entries in the memory of the process.'),
    gauge('nearBytes', 'near.size', 'By', 'What they take.'),
  ],
  client: [
    counter('operations', 'operations', '{operation}', 'Operations begun.'),
    counter('succeeded', 'succeeded', '{operation}', 'Operations that ended in a reply.'),
    counter('failed', 'failed', '{operation}', 'Operations that ended in an error.'),
    counter('timeouts', 'timeouts', '{operation}', 'Operations whose deadline passed.'),
    counter('refused', 'refused', '{operation}', 'Operations refused because too many were pending.'),
    counter('cancelled', 'cancelled', '{operation}', 'Operations ended by an AbortSignal.'),
    counter('connections', 'connections', '{connection}', 'Connections that stood.'),
    counter('connectFailures', 'connect.failures', '{attempt}', 'Attempts to connect that failed.'),
    counter('watchdogTrips', 'watchdog.trips', '{connection}', 'Connections given up because they were silent.'),
    counter('breaker.opened', 'breaker.opened', '{time}', 'Times that the circuit breaker opened.'),
    counter('breaker.rejected', 'breaker.rejected', '{operation}', 'Operations that the circuit breaker refused.'),
    gauge('breaker.state.open', 'breaker.open', '{breaker}', 'Circuit breakers that are open.'),
    gauge('pending', 'pending', '{operation}', 'Operations that wait for their reply.'),
  ],
  limiter: [
    counter('allowed', 'allowed', '{decision}', 'Decisions that allowed.'),
    counter('limited', 'limited', '{decision}', 'Decisions that refused.'),
    counter('remembered', 'remembered', '{decision}', 'Refusals that were answered from the memory of the process.'),
    counter('degraded', 'degraded', '{decision}', 'Decisions made without Redis.'),
  ],
  lock: [
    counter('acquired', 'acquired', '{lock}', 'Locks, permits and sides of read-write locks that were given.'),
    counter('busy', 'busy', '{attempt}', 'Attempts that ended without one, because others held it.'),
    counter('released', 'released', '{lock}', 'Those that were given back while they were held.'),
    counter('lost', 'lost', '{lock}', 'Those that were over, or with another, before they were given back.'),
    gauge('held', 'held', '{lock}', 'Those that are held now.'),
  ],
  next: [
    counter('hits', 'hits', '{entry}', 'Entries that Next.js was given.'),
    counter('staleHits', 'stale.hits', '{entry}', 'Those that it was to make anew behind that.'),
    counter('misses', 'misses', '{entry}', 'Times that it was given none.'),
    counter('seeds', 'seeds', '{entry}', 'Pages taken from what the build has left.'),
    counter('stores', 'stores', '{entry}', 'Entries stored.'),
    counter('expired', 'expired', '{entry}', 'Entries not given because one of their tags was over.'),
    counter('unreadable', 'unreadable', '{entry}', 'Entries found that could not be read.'),
    counter('tooLarge', 'too.large', '{entry}', 'Entries not stored for their size.'),
    counter('broken', 'broken', '{stream}', 'Streams that broke off, and were not stored.'),
    counter('invalidations', 'invalidations', '{tag}', 'Tags invalidated.'),
    counter('failures', 'failures', '{error}', 'Times that something failed while Next.js went on.'),
  ],
  page: [
    counter('hits', 'hits', '{response}', 'Responses given from the store.'),
    counter('staleHits', 'stale.hits', '{response}', 'Those that were given past their time.'),
    counter('staleOnError', 'stale.on.error', '{response}', 'Those that stood in for an error of the application.'),
    counter('revalidated', 'revalidated', '{response}', 'Those that the application has validated.'),
    counter('misses', 'misses', '{request}', 'Requests that the application answered, to be stored.'),
    counter('passes', 'passes', '{request}', 'Requests that the application answered, not to be stored.'),
    counter('refreshes', 'refreshes', '{request}', 'Times that the application was asked behind a client that had its answer.'),
    counter('stores', 'stores', '{response}', 'Responses that were to be stored.'),
    counter('refusals', 'refusals', '{response}', 'Responses that were not stored.'),
    counter('aborted', 'aborted', '{response}', 'Responses whose connection closed before they had ended.'),
    counter('invalidations', 'invalidations', '{entry}', 'Entries that were taken away.'),
    counter('unreadable', 'unreadable', '{entry}', 'Entries found that could not be read.'),
    counter('lostBodies', 'lost.bodies', '{response}', 'Large bodies of which a part was gone.'),
    counter('failures', 'failures', '{error}', 'Times that something failed while the client was served all the same.'),
  ],
  session: [
    counter('created', 'created', '{session}', 'Sessions made for a user.'),
    counter('found', 'found', '{read}', 'Reads that found a session.'),
    counter('missing', 'missing', '{read}', 'Reads that found none, or none that can be read.'),
    counter('written', 'written', '{write}', 'Writes that were done.'),
    counter('conflicts', 'conflicts', '{write}', 'Writes that found that another had written since the read.'),
    counter('refused', 'refused', '{write}', 'Writes that found the session destroyed or expired, and were not done.'),
    counter('destroyed', 'destroyed', '{session}', 'Sessions destroyed.'),
    counter('rotated', 'rotated', '{session}', 'Changes of an id.'),
    counter('evicted', 'evicted', '{session}', 'Sessions destroyed because their user has others.'),
    counter('limited', 'limited', '{session}', 'Sessions refused because their user has others.'),
    counter('unreadable', 'unreadable', '{session}', 'Sessions found that could not be read, and counted as missing.'),
  ],
}

module.exports = { TABLES }
