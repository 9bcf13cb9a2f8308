/** Makes a page of the Pages Router anew. In an application of yours, ask who it is first. */
export default async function handler(request, response) {
  if (request.method !== 'POST') return response.status(405).end()
  await response.revalidate(String(request.query.path))
  response.json({ done: true })
}
