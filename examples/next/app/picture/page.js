import Image from 'next/image'
import picture from '../../public/picture.png'

export default function Picture() {
  return (
    <>
      <h1>Picture</h1>
      <p>Scaled and converted once, and not once by each instance.</p>
      <Image src={picture} alt="A sunset of pixels" width={320} height={200} priority />
    </>
  )
}
