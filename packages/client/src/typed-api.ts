import type {
  CallOptions,
  ChannelEvent,
  CommandInput,
  CommandOutput,
  Contract,
  EventData,
  GenericErrorCode,
} from '@parley/protocol'

/** The contracts of the modules that come with Parley. Others: `typeof import('./my-contracts.ts')`, types only. */
export type BuiltIn = typeof import('@parley/modules/contracts')

// A contract's type has an index signature beside the names declared; only the names count.
type Named<T> = keyof { [K in keyof T as string extends K ? never : K]: never } & string
type Joined<U> = (U extends unknown ? (part: U) => void : never) extends (whole: infer I) => void ? I : never

type CodeOf<Command> = Command extends { readonly errors?: Readonly<Record<infer Code, string>> }
  ? Code & string
  : never

type CommandsOf<C> =
  C extends Contract<infer Name, infer K, infer _E>
    ? {
        readonly [M in Named<K> as `${Name}.${M}`]: {
          readonly input: CommandInput<K[M]>
          readonly output: CommandOutput<K[M]>
          readonly code: CodeOf<K[M]>
        }
      }
    : unknown

type EventsOf<C> =
  C extends Contract<string, infer _K, infer E>
    ? { readonly [Type in Named<E>]: EventData<E[Type]> }
    : unknown

/** `'channels.publish'` → its input and output, over all contracts. */
export type CommandMap<Cs> = Joined<{ [K in keyof Cs]: CommandsOf<Cs[K]> }[keyof Cs]>

/** `'channels.published'` → its data, over all contracts. */
export type EventMap<Cs> = Joined<{ [K in keyof Cs]: EventsOf<Cs[K]> }[keyof Cs]>

export type CommandName<Cs> = keyof CommandMap<Cs> & string
export type InputOfCommand<Cs, Name> = Name extends keyof CommandMap<Cs>
  ? CommandMap<Cs>[Name] extends { readonly input: infer I }
    ? I
    : unknown
  : unknown
export type OutputOfCommand<Cs, Name> = Name extends keyof CommandMap<Cs>
  ? CommandMap<Cs>[Name] extends { readonly output: infer O }
    ? O
    : unknown
  : unknown

/** The codes with which a command may be refused: its own, and those that every command may meet. */
export type CodeOfCommand<Cs, Name> =
  | GenericErrorCode
  | (Name extends keyof CommandMap<Cs>
      ? CommandMap<Cs>[Name] extends { readonly code: infer Code }
        ? Code
        : never
      : never)

/** An event of any type that the contracts declare. Publishers choose further types freely. */
export type EventOf<Cs> = {
  [Type in keyof EventMap<Cs> & string]: ChannelEvent<Type, EventMap<Cs>[Type]>
}[keyof EventMap<Cs> & string]

type ModuleName<Cs> = { [K in keyof Cs]: Cs[K] extends Contract<infer Name> ? Name : never }[keyof Cs]

/** `never` for a name that begins with a module's and is not in its contract; other names are free. */
export type Spelt<Cs, Declared, Name extends string> = Name extends `${ModuleName<Cs>}.${string}`
  ? Name extends keyof Declared
    ? Name
    : never
  : Name

type MethodsOf<C> =
  C extends Contract<string, infer K, infer _E>
    ? {
        readonly [M in Named<K>]: (
          input: CommandInput<K[M]>,
          options?: CallOptions,
        ) => Promise<CommandOutput<K[M]>>
      }
    : never

/** `client.channels.publish(input)`: one property for each contract, by its name. */
export type Methods<Cs> = {
  readonly [K in keyof Cs as Cs[K] extends Contract<infer Name> ? Name : never]: MethodsOf<Cs[K]>
}
