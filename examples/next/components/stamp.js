/** Shows when something was made; `data-id` is for scripts that compare. */
export function Stamp({ name, children, made: { at, by, number } }) {
  return (
    <p className="stamp" data-stamp={name} data-id={`${at}/${by}/${number}`}>
      <span>{children}</span>
      <time dateTime={at}>{at.slice(11, 23)}</time>
      <small>
        no. {number} of process {by}
      </small>
    </p>
  )
}
