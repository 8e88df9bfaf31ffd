// What pages do beyond being read: search, light and dark, the menu of a small screen, copying code.
const field = document.querySelector('.search input')
const list = document.querySelector('#found')
let index
let selected = -1

// The index is fetched when somebody begins to search.
const loadIndex = async () => {
  const [{ default: MiniSearch }, text] = await Promise.all([
    import(new URL('minisearch.js', import.meta.url).href),
    fetch(new URL('search.json', import.meta.url)).then((answer) => answer.text()),
  ])
  return MiniSearch.loadJSON(text, {
    fields: ['title', 'headings', 'text'],
    storeFields: ['title', 'section'],
    searchOptions: { boost: { title: 4, headings: 2 }, prefix: true, fuzzy: 0.15 },
  })
}

const search = async () => {
  const words = field.value.trim()
  index ??= loadIndex()
  const results = words === '' ? [] : (await index).search(words).slice(0, 12)
  if (words !== field.value.trim()) return
  selected = -1
  list.replaceChildren(...(results.length > 0 ? results.map(resultItem) : [emptyItem(words)]))
  setOpen(words !== '')
}

const resultItem = ({ id, title, section }, place) => {
  const item = document.createElement('li')
  item.role = 'option'
  item.id = `found-${place}`
  const link = document.createElement('a')
  link.href = id
  link.tabIndex = -1
  link.textContent = title
  const small = document.createElement('small')
  small.textContent = section
  link.append(small)
  item.append(link)
  return item
}

const emptyItem = (words) => {
  const item = document.createElement('li')
  const text = document.createElement('p')
  text.textContent = `Nothing is found for “${words}”. Try another word.`
  item.append(text)
  return item
}

const setOpen = (isOpen) => {
  list.hidden = !isOpen
  field.setAttribute('aria-expanded', String(isOpen))
  if (!isOpen) field.removeAttribute('aria-activedescendant')
}

const select = (step) => {
  const items = [...list.querySelectorAll('[role="option"]')]
  if (items.length === 0) return
  items[selected]?.removeAttribute('aria-selected')
  selected = (selected + step + items.length) % items.length
  const item = items[selected]
  item.setAttribute('aria-selected', 'true')
  item.scrollIntoView({ block: 'nearest' })
  field.setAttribute('aria-activedescendant', item.id)
}

field.addEventListener('input', search)
field.addEventListener('focus', () => {
  if (field.value.trim() !== '') search()
})
field.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown') select(1)
  else if (event.key === 'ArrowUp') select(selected < 0 ? 0 : -1)
  else if (event.key === 'Escape') setOpen(false)
  else if (event.key === 'Enter') list.querySelectorAll('a')[Math.max(selected, 0)]?.click()
  else return
  event.preventDefault()
})
document.addEventListener('pointerdown', (event) => {
  if (!event.target.closest('.search')) setOpen(false)
})
document.addEventListener('keydown', (event) => {
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? '')
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  field.focus()
})

document.querySelector('.scheme').addEventListener('click', () => {
  const { dataset } = document.documentElement
  dataset.mantineColorScheme = dataset.mantineColorScheme === 'dark' ? 'light' : 'dark'
  try {
    localStorage.setItem('parley.color-scheme', dataset.mantineColorScheme)
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
})

const menu = document.querySelector('.menu')
const navigation = document.querySelector('#navigation')
menu.addEventListener('click', () => {
  menu.setAttribute('aria-expanded', String(navigation.classList.toggle('open')))
})
navigation.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' })

for (const block of document.querySelectorAll('pre.shiki')) {
  const frame = document.createElement('div')
  frame.className = 'code'
  block.replaceWith(frame)
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(block.textContent)
    button.textContent = 'Copied'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 2_000)
  })
  frame.append(block, button)
}
