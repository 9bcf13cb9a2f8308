// A page of some 20 KB that is made once an hour.
export const revalidate = 3600

export function generateStaticParams() {
  return []
}

const ITEMS = Array.from({ length: 100 }, (_, i) => ({ id: i, name: `item number ${i}`, text: 'It is made of words, and of words only.' }))

export default async function Page({ params }) {
  const { id } = await params
  return (
    <ul>
      {ITEMS.map((item) => (
        <li key={item.id}>
          {id}: {item.name}. {item.text}
        </li>
      ))}
    </ul>
  )
}
