// The part of Eleventy that is used; it brings no types of its own.
declare module '@11ty/eleventy' {
  interface Configuration {
    setTemplateFormats(formats: string): void
    addTemplate(path: string, content: string, data: Readonly<Record<string, unknown>>): void
  }
  interface Options {
    readonly quietMode: boolean
    readonly configPath: false
    config(configuration: Configuration): void
  }
  // biome-ignore lint/style/noDefaultExport: this is how it is exported.
  export default class Eleventy {
    constructor(input: string, output: string, options: Options)
    write(): Promise<unknown>
  }
}
