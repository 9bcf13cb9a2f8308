'use client'

import { useEffect } from 'react'
import { Redis } from 'redwright'

export default function Page() {
  useEffect(() => {
    void Redis.connect()
  }, [])
  return <h1>Browser</h1>
}
