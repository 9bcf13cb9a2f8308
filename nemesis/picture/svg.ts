/** Attributes by name; numbers are rounded to what a screen can show. */
type Attributes = Readonly<Record<string, string | number>>

export function tag(name: string, attributes: Attributes, inner = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${typeof value === 'number' ? Math.round(value * 10) / 10 : escaped(value)}"`)
  return inner === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inner}</${name}>`
}

export const text = (attributes: Attributes, content: string) => tag('text', attributes, escaped(content))

/** What is shown when the pointer rests on it. */
export const title = (content: string) => `<title>${escaped(content)}</title>`

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (content: string) => content.replace(/[&<>"]/g, (character) => ENTITIES[character]!)
