/** What a runner offers to define a test (vitest and `node:test` do). */
export type DefineTest = (name: string, run: () => Promise<void>) => unknown

/** Checks by the sentence that they prove. */
export type Cases<Subject> = Readonly<Record<string, (subject: Subject) => Promise<void>>>

/** Defines a test a case; each gets a fresh subject, which is closed in the end however the case went. */
export function defineCases<Subject extends { readonly close: () => Promise<void> }>(
  test: DefineTest,
  open: () => Promise<Subject>,
  cases: Cases<Subject>,
): void {
  for (const [claim, check] of Object.entries(cases))
    test(claim, async () => {
      const subject = await open()
      try {
        await check(subject)
      } finally {
        await subject.close()
      }
    })
}

/** `[from, …, to]` */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from + 1, 0) }, (_, index) => from + index)
}
