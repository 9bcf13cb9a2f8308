export const dynamic = 'force-static'
export const revalidate = 3600

const USERS = Array.from({ length: 20 }, (_, id) => ({ id, name: `user number ${id}`, email: `user-${id}@example.com` }))

export function GET() {
  return Response.json(USERS)
}
