import { type ChatMessage, Markdown, useDraft, useMessages, useTyping } from '@parley/react'

/** A conversation with a look of its own: the hooks know nothing of it. */
export function Conversation({ channel }: { readonly channel: string }) {
  const { messages, status, error, hasOlder, loadOlder, retry, discard, react } = useMessages(channel)
  if (status === 'failed') return <p role="alert">{error?.message}</p>
  return (
    <>
      {hasOlder && (
        <button type="button" onClick={() => loadOlder()}>
          Older
        </button>
      )}
      <ol>
        {messages.map((message) => (
          <li key={message.key} data-state={message.state}>
            <b>{message.author}</b> <Text message={message} />
            {message.error && (
              <>
                {message.error.message}
                <button type="button" onClick={() => retry(message.key)}>
                  Try again
                </button>
                <button type="button" onClick={() => discard(message.key)}>
                  Discard
                </button>
              </>
            )}
            {message.seq && (
              <button type="button" aria-label="Like" onClick={() => react(message.seq ?? 0, '👍')}>
                👍 {message.reactions.find(({ emoji }) => emoji === '👍')?.count}
              </button>
            )}
          </li>
        ))}
      </ol>
      <Field channel={channel} />
    </>
  )
}

function Text({ message: { deleted, text, mentions = [] } }: { readonly message: ChatMessage }) {
  return deleted ? <i>Deleted</i> : <Markdown text={text} mentions={mentions} />
}

/** Renders again with each key, and the list above does not: each reads what it shows. */
function Field({ channel }: { readonly channel: string }) {
  const { send } = useMessages(channel)
  const { text, setText, clear } = useDraft(channel)
  const { people, keystroke, stop } = useTyping(channel)
  const submit = () => {
    void send(text)
    clear()
    stop()
  }
  return (
    <form action={submit}>
      {people.map(({ user }) => `${user} is writing`)}
      <input
        aria-label="Message"
        value={text}
        onChange={({ currentTarget }) => {
          setText(currentTarget.value)
          keystroke()
        }}
        onBlur={stop}
      />
    </form>
  )
}
