import { cacheLife, cacheTag } from 'next/cache'
import { Refresh } from '../../components/refresh'
import { Stamp } from '../../components/stamp'
import { made } from '../../lib/made'
import { notes } from '../../lib/redwright'
import { remake, remakePage, save } from './actions'

export default async function Notes() {
  return (
    <>
      <h1>Notes</h1>
      <Note />
      <form action={save}>
        <input name="text" aria-label="Text" required maxLength={200} />
        <button>Save (updateTag)</button>
      </form>
      <div className="row">
        <form action={remake}>
          <button>Make anew, later (revalidateTag)</button>
        </form>
        <form action={remakePage}>
          <button>Make anew (revalidatePath)</button>
        </form>
        <Refresh />
      </div>
    </>
  )
}

async function Note() {
  'use cache'
  cacheLife('days')
  cacheTag('notes')
  const text = await notes.getOrSet('text', () => 'Nothing yet.')
  return (
    <Stamp name="note" made={made()}>
      <q>{text}</q>
    </Stamp>
  )
}
