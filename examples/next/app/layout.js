import Link from 'next/link'
import './style.css'

export const metadata = { title: 'Redwright and Next.js', description: 'A cache that all instances share' }

const PAGES = {
  '/': 'Start',
  '/clock': 'Clock',
  '/stock': 'Stock',
  '/board': 'Board',
  '/remote': 'Remote',
  '/items/1': 'Items',
  '/data': 'Data',
  '/picture': 'Picture',
  '/notes': 'Notes',
  '/isr': 'Pages Router',
}

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          {Object.entries(PAGES).map(([href, title]) => (
            <Link key={href} href={href}>
              {title}
            </Link>
          ))}
        </nav>
        <main>{children}</main>
      </body>
    </html>
  )
}
