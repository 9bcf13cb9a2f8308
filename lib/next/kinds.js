'use strict'

// Whether what is stored is what Next.js asks for: of another kind, or without its parts, it would break a page.

/** @param {unknown} value */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** @type {Record<string, (value: any) => boolean>} */
const HAS_PARTS = {
  APP_PAGE: ({ html, rscData, segmentData }) =>
    typeof html === 'string' && (rscData === undefined || Buffer.isBuffer(rscData)) && (segmentData === undefined || segmentData instanceof Map),
  APP_ROUTE: ({ body, status, headers }) => Buffer.isBuffer(body) && Number.isInteger(status) && isObject(headers),
  PAGES: ({ html, pageData }) => typeof html === 'string' && isObject(pageData),
  REDIRECT: ({ props }) => isObject(props),
  FETCH: ({ data }) => isObject(data) && (data.body === undefined || typeof data.body === 'string') && isObject(data.headers),
  IMAGE: ({ buffer, extension }) => Buffer.isBuffer(buffer) && typeof extension === 'string',
}
const OF_PAGES = ['APP_PAGE', 'APP_ROUTE', 'PAGES', 'REDIRECT']

/**
 * @param {any} value `null` for a page that is not there
 * @param {string} kind
 */
function isOfKind(value, kind) {
  const kinds = OF_PAGES.includes(kind) ? OF_PAGES : [kind]
  if (value === null) return kinds === OF_PAGES
  return isObject(value) && kinds.includes(value.kind) && HAS_PARTS[value.kind](value)
}

module.exports = { isOfKind }
