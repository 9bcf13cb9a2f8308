import { cacheLife, cacheTag } from 'next/cache'
import { Stamp } from '../../components/stamp'
import { made } from '../../lib/made'

export default async function Clock() {
  'use cache'
  cacheLife({ stale: 30, revalidate: 3, expire: 3600 })
  cacheTag('clock')
  return (
    <>
      <h1>Clock</h1>
      <p>Whoever comes after three seconds still gets this, and has it made anew for those behind them.</p>
      <Stamp name="clock" made={made()}>
        The whole page
      </Stamp>
    </>
  )
}
