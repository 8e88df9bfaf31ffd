/** How long things run. */
export interface Scale {
  readonly warmMillis: number
  readonly millis: number
  readonly isQuick: boolean
}

export const fullScale: Scale = { isQuick: false, warmMillis: 1_800, millis: 2_000 }
export const quickScale: Scale = { isQuick: true, warmMillis: 400, millis: 700 }
