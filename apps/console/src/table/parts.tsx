import { Fragment } from 'react'

/** A name that has no spaces, as `limits.maxConnectionsPerIp`: where it has to be broken, it is broken between its parts. */
export function Parts({ of: name }: { readonly of: string }) {
  return name.split(/(?=[._A-Z])/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a name keep their places
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ))
}
