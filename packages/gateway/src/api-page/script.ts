/// <reference lib="dom" />

interface RequestParts {
  path: string
  readonly query: URLSearchParams
  readonly headers: Record<string, string>
  body: string | null
}

/**
 * Runs in the browser: sends the forms of the page as requests and shows the answers. Its text is served as it stands,
 * so that it uses nothing from outside of itself.
 */
function tryOperations(): void {
  const credentials = document.querySelector<HTMLInputElement>('#credentials')

  const authorization = (): Record<string, string> => {
    const given = credentials?.value.trim() ?? ''
    if (given === '') return {}
    return /^[^:.]+:/.test(given) ? { 'X-API-Key': given } : { Authorization: `Bearer ${given}` }
  }

  const place = (field: HTMLInputElement | HTMLTextAreaElement, parts: RequestParts): void => {
    if (field.dataset.in === 'path')
      parts.path = parts.path.replace(`{${field.name}}`, encodeURIComponent(field.value))
    else if (field.value === '') return
    else if (field.dataset.in === 'query') parts.query.set(field.name, field.value)
    else if (field.dataset.in === 'header') parts.headers[field.name] = field.value
    else {
      parts.body = field.value
      parts.headers['Content-Type'] = 'application/json'
    }
  }

  const request = (form: HTMLFormElement): Request => {
    const { method = 'GET', path = '' } = form.dataset
    const parts: RequestParts = { path, query: new URLSearchParams(), headers: authorization(), body: null }
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('[data-in]'))
      place(field, parts)
    const { query, headers, body } = parts
    return new Request(parts.path + (query.size === 0 ? '' : `?${query}`), { method, headers, body })
  }

  const show = async (form: HTMLFormElement): Promise<void> => {
    const output = form.querySelector('output')
    if (output === null) return
    output.textContent = '…'
    try {
      const answer = await fetch(request(form))
      const text = await answer.text()
      const isJson = answer.headers.get('content-type')?.includes('json') === true && text !== ''
      output.textContent = `${answer.status} ${answer.statusText}\n${isJson ? JSON.stringify(JSON.parse(text), null, 2) : text}`
      output.classList.toggle('failed', !answer.ok)
    } catch (error) {
      output.textContent = `No answer: ${(error as Error).message}`
      output.classList.add('failed')
    }
  }

  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement
    if (form.dataset.path === undefined) return
    event.preventDefault()
    void show(form)
  })
}

/** The script of the page. */
export const apiPageScript = `'use strict'\n;(${tryOperations})()\n`
