import { Stamp } from '../../components/stamp'
import { made } from '../../lib/made'

export default function Isr({ id, made }) {
  return (
    <main>
      <h1>Number {id}</h1>
      <Stamp name="isr" made={made}>
        getStaticProps, for an hour
      </Stamp>
    </main>
  )
}

export function getStaticPaths() {
  return { paths: [{ params: { id: '1' } }], fallback: 'blocking' }
}

export function getStaticProps({ params: { id } }) {
  return /^\d+$/.test(id) ? { props: { id, made: made() }, revalidate: 3600 } : { notFound: true, revalidate: 3600 }
}
