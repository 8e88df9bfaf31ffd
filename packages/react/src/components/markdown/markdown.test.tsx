import fc from 'fast-check'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { ChatUiProvider } from '../chat-ui.tsx'
import { Markdown, type MarkdownProps } from './markdown.tsx'
import { plainOf } from './plain.ts'

const html = (text: string, props: Partial<MarkdownProps> = {}) =>
  renderToStaticMarkup(<Markdown text={text} {...props} />)
/** Without the attributes that every element of its kind has. */
const bare = (text: string, props?: Partial<MarkdownProps>) =>
  html(text, props)
    .replaceAll(/ (dir|target|rel|tabindex)="[^"]*"/g, '')
    .replaceAll('<p>', '')
    .replaceAll('</p>', '')

describe('words', () => {
  test.each([
    ['**bold** and *italic* and ~~gone~~', '<strong>bold</strong> and <em>italic</em> and <s>gone</s>'],
    ['__bold__ and _italic_', '<strong>bold</strong> and <em>italic</em>'],
    ['***both***', '<strong><em>both</em></strong>'],
    ['**a *b* c**', '<strong>a <em>b</em> c</strong>'],
    ['snake_case_name and 2*3*4', 'snake_case_name and 2<em>3</em>4'],
    ['2 * 3 * 4 and ** not **', '2 * 3 * 4 and ** not **'],
    ['**never closed', '**never closed'],
    ['*crossed **over* it**', '<em>crossed **over</em> it**'],
    ['`code **is** code`', '<code>code **is** code</code>'],
    ['`` a ` b ``', '<code>a ` b</code>'],
    ['`open', '`open'],
    ['\\*not italic\\* \\_ \\`', '*not italic* _ `'],
    ['one\ntwo', 'one<br/>two'],
    ['<b>&amp;', '&lt;b&gt;&amp;amp;'],
  ])('%s', (text, expected) => {
    expect(bare(text)).toBe(expected)
  })
})

describe('links', () => {
  test.each([
    [
      'see https://example.org/a?b=c.',
      'see <a href="https://example.org/a?b=c">https://example.org/a?b=c</a>.',
    ],
    ['(https://example.org/a_(b))', '(<a href="https://example.org/a_(b)">https://example.org/a_(b)</a>)'],
    ['[the *page*](https://example.org)', '<a href="https://example.org/">the <em>page</em></a>'],
    ['[mail](mailto:ada@example.org)', '<a href="mailto:ada@example.org">mail</a>'],
    ['[x](javascript:alert(1))', '[x](javascript:alert(1))'],
    ['[x](data:text/html,y)', '[x](data:text/html,y)'],
    ['[x](//example.org)', '[x](//example.org)'],
    ['[x](https://)', '[x](https://)'],
    ['xhttps://example.org', 'xhttps://example.org'],
    ['[https://a.org @ada](https://b.org)', '<a href="https://b.org/">https://a.org @ada</a>'],
  ])('%s', (text, expected) => {
    expect(bare(text)).toBe(expected)
  })

  test('open elsewhere and tell nothing of the page', () => {
    expect(html('https://example.org')).toContain('target="_blank" rel="noopener noreferrer nofollow"')
  })
})

describe('mentions', () => {
  test('are marked, by name, more strongly for the reader; an address is none', () => {
    const text = 'hi @ada, @bob and mail@eve.org @room'
    const shown = renderToStaticMarkup(
      <ChatUiProvider user={(id) => ({ name: id.toUpperCase() })}>
        <Markdown text={text} mentions={['ada', 'bob']} me="ada" />
      </ChatUiProvider>,
    )
    expect(shown.replaceAll(/ dir="auto"| class="parley-mention"/g, '')).toBe(
      '<p>hi <bdi data-me="true">@ADA</bdi>, <bdi>@BOB</bdi> and mail@eve.org <bdi data-me="true">@room</bdi></p>',
    )
  })

  test('only those named, without the sign that ends the sentence', () => {
    expect(bare('@ada. @a.b: @eve', { mentions: ['ada', 'a.b'] })).toBe(
      '<bdi class="parley-mention">@ada</bdi>. <bdi class="parley-mention">@a.b</bdi>: @eve',
    )
  })
})

describe('blocks', () => {
  test.each([
    ['one\n\ntwo', '<p>one</p><p>two</p>'],
    [
      '```js\nlet a = "<b>"\n```\nafter',
      '<pre data-language="js"><code>let a = &quot;&lt;b&gt;&quot;</code></pre><p>after</p>',
    ],
    ['```\nnever closed', '<pre><code>never closed</code></pre>'],
    [
      '> quoted\n> > twice\nafter',
      '<blockquote><p>quoted</p><blockquote><p>twice</p></blockquote></blockquote><p>after</p>',
    ],
    ['- one\n- two\n  more', '<ul><li><p>one</p></li><li><p>two<br/>more</p></li></ul>'],
    ['3. three\n4. four', '<ol start="3"><li><p>three</p></li><li><p>four</p></li></ol>'],
    ['- a\n  - b\n- c', '<ul><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p></li></ul>'],
    ['-not a list\n1.neither', '<p>-not a list<br/>1.neither</p>'],
    ['# no heading', '<p># no heading</p>'],
    ['   \n\n', ''],
  ])('%s', (text, expected) => {
    expect(html(text).replaceAll(/ (dir|tabindex)="[^"]*"/g, '')).toBe(expected)
  })

  test('in one line for previews', () => {
    expect(html('> **a**\n\n- b\n- c\n\n```\nd\ne\n```', { inline: true }).replaceAll(' dir="ltr"', '')).toBe(
      '<strong>a</strong> b · c <code>d e</code>',
    )
  })
})

test('words alone, for previews and screen readers', () => {
  expect(plainOf('> **hi** @ada, see [the `page`](https://a.org)\n\n- one', 80)).toBe(
    'hi @ada, see the page one',
  )
  expect(plainOf('a long sentence that ends', 10)).toBe('a long se…')
})

describe('whatever is written', () => {
  const pieces = fc.constantFrom(
    ...[
      '<script>',
      '</script>',
      '<img src=x onerror=alert(1)>',
      'javascript:alert(1)',
      '[a](',
      ')',
      '](',
      '](https://',
    ],
    ...[
      '"',
      "'",
      '`',
      '```',
      '\n',
      '> ',
      '- ',
      '1. ',
      '*',
      '**',
      '_',
      '__',
      '~~',
      '@ada',
      '@',
      '\\',
      '&lt;',
      '&#x6a;',
    ],
    ...[
      'https://',
      'https://a.org/"onmouseover="x',
      'mailto:',
      'vbscript:',
      'data:text/html;base64,',
      '\u0000',
      '\u202e',
    ],
    ...[' ', 'x', '(', '[', ']', '!', '#', 'HTTPS://A.ORG', '\ud83d', '🙂', '\t', '\r', '\u2028'],
  )
  const anything = fc.oneof(
    fc.array(pieces, { maxLength: 40 }).map((list) => list.join('')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  )
  const tags = /^(p|br|strong|em|s|code|pre|blockquote|ul|ol|li|a|bdi)$/
  const attributes =
    /^(dir="(auto|ltr)"|tabindex="0"|data-language="[\w+#.-]*"|start="\d+"|target="_blank"|rel="noopener noreferrer nofollow"|class="parley-mention"|data-me="true"|href="(https?:\/\/|mailto:)[^"]*")$/

  test('there are only elements and attributes of ours, and links to the web', () => {
    fc.assert(
      fc.property(anything, fc.boolean(), (text, inline) => {
        const markup = html(text, { inline, mentions: ['ada'], me: 'ada' })
        for (const [, name = '', rest = ''] of markup.matchAll(
          /<\/?([^\s>/]+)((?:\s+[^\s=>]+="[^"]*")*)\s*\/?>/g,
        )) {
          expect(name).toMatch(tags)
          for (const [attribute] of rest.matchAll(/[^\s=]+="[^"]*"/g)) expect(attribute).toMatch(attributes)
        }
        // Outside of those tags there is no bracket that a browser would read.
        expect(markup.replaceAll(/<\/?[a-z]+((?:\s+[a-z-]+="[^"]*")*)\s*\/?>/g, '')).not.toMatch(/[<>]/)
      }),
      { numRuns: 3_000 },
    )
  })

  test('no word is lost', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 12 })
    const signs = fc.array(
      fc.constantFrom(' ', ' **', '** ', ' *', '~~', '_', '\n', '\n\n', ' `', '` ', '\n- ', '\n> '),
      {
        minLength: 12,
        maxLength: 12,
      },
    )
    fc.assert(
      fc.property(words, signs, (list, between) => {
        const markup = html(list.map((word, index) => word + between[index]).join(''))
        const left = markup.replaceAll(/<[^>]*>/g, ' ')
        for (const word of list) expect(left).toContain(word)
      }),
      { numRuns: 500 },
    )
  })

  // Twice as long takes about twice the time; what grows with the square takes minutes here.
  test.each([
    ...['*', '**a', '_', '~~', '`', '[', '[a](', '](', '@a', '> ', '- ', 'https://', '\\', '(', 'h', '`a``'],
    ...['[a](https://a.org/(', '*a _b ~~', '\n> > > > >', '\n- - - - -'],
  ])('twenty thousand signs of "%s" are read without stalling', (sign) => {
    const text = sign.repeat(Math.floor(20_000 / sign.length))
    expect(html(text)).not.toBe('')
  })
})
