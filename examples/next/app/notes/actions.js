'use server'

import { revalidatePath, revalidateTag, updateTag } from 'next/cache'
import { notes } from '../../lib/redwright'

/** Whoever saves sees it at once. */
export async function save(form) {
  await notes.set('text', String(form.get('text')).slice(0, 200))
  updateTag('notes')
}

/** Whoever comes next sees the old page once more, and it is made anew behind that. */
export async function remake() {
  revalidateTag('notes', 'max')
}

export async function remakePage() {
  revalidatePath('/notes')
}
