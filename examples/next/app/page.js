export default function Start() {
  return (
    <>
      <h1>One cache for all instances</h1>
      <p>
        Each page shows when its parts were made. Start two instances with one Redis, and both show the same times: <code>PORT=3000 npm start</code> and{' '}
        <code>PORT=3001 npm start</code>.
      </p>
      <ul>
        <li>Clock: made anew in the background when it is three seconds old.</li>
        <li>Stock: made anew when its tag is invalidated.</li>
        <li>Board: a shell out of the cache, with a part that each request makes.</li>
        <li>Remote: a function whose results are shared, in a page that is not.</li>
        <li>Items: some are made by the build, the others when somebody asks.</li>
        <li>Data: what fetch and unstable_cache keep.</li>
        <li>Picture: an image that was scaled once.</li>
        <li>Notes: forms whose actions invalidate.</li>
        <li>Pages Router: getStaticProps.</li>
      </ul>
    </>
  )
}
