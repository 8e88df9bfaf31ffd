import type { HtmlTagDescriptor, Plugin } from 'vite'

interface PageFrameOptions {
  /** What search engines and link previews say. */
  readonly description: string
  /** What needs JavaScript: "The console". */
  readonly name: string
}

const meta = (attrs: Readonly<Record<string, string>>): HtmlTagDescriptor => ({
  ...{ tag: 'meta', attrs: { ...attrs }, injectTo: 'head-prepend' },
})

/** What the pages of all our applications have around their content. */
export function pageFrame({ description, name }: PageFrameOptions): Plugin {
  const tags: readonly HtmlTagDescriptor[] = [
    meta({ charset: 'utf-8' }),
    meta({ name: 'viewport', content: 'width=device-width, initial-scale=1, viewport-fit=cover' }),
    meta({ name: 'color-scheme', content: 'light dark' }),
    meta({ name: 'theme-color', content: '#F4F2EE', media: '(prefers-color-scheme: light)' }),
    meta({ name: 'theme-color', content: '#1B1D20', media: '(prefers-color-scheme: dark)' }),
    meta({ name: 'description', content: description }),
    { tag: 'link', attrs: { rel: 'icon', href: '/favicon.svg', type: 'image/svg+xml' }, injectTo: 'head' },
    { tag: 'script', attrs: { src: '/color-scheme.js' }, injectTo: 'head' },
    {
      ...{ tag: 'noscript', injectTo: 'body' },
      children: `${name} needs JavaScript. Switch it on for this site and reload the page.`,
    },
  ]
  return { name: 'parley:page-frame', transformIndexHtml: () => [...tags] }
}
