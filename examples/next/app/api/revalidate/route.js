import { revalidatePath, revalidateTag } from 'next/cache'

/**
 * What a CMS calls when something has changed: `{"tag": "stock", "how": "max"}`, `{"tag": "stock", "how": "now"}`, `{"path": "/stock"}`.
 * In an application of yours, ask who it is first.
 */
export async function POST(request) {
  const { tag, how, path } = await request.json()
  if (typeof path === 'string') revalidatePath(path)
  else if (typeof tag !== 'string') return Response.json({ error: 'tag or path' }, { status: 400 })
  // The old one once more, or: the next one waits for the new one.
  else revalidateTag(tag, how === 'now' ? { expire: 0 } : 'max')
  return Response.json({ done: true })
}
