import { Stamp } from '../../components/stamp'
import { made } from '../../lib/made'

export default function Isr({ made }) {
  return (
    <main>
      <h1>Pages Router</h1>
      <Stamp name="isr" made={made}>
        getStaticProps, for three seconds
      </Stamp>
    </main>
  )
}

export function getStaticProps() {
  return { props: { made: made() }, revalidate: 3 }
}
