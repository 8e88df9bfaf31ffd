/** The mark: two speech arcs that meet and form a P. */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      stroke="currentColor"
      strokeWidth="4.5"
      aria-hidden="true"
    >
      <path d="M7.25 30V14A9.75 9.75 0 0 1 24.3 7.5" />
      <path d="M26.1 10.6A9.75 9.75 0 0 1 17 23.75H11.6" />
    </svg>
  )
}
