// A child process in the foreground. Plain JavaScript, Node 18.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

// Windows delivers Ctrl-C to every process of the console, and cannot send it to one.
const passedOn = process.platform === 'win32' ? ['SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a command with this terminal and resolves to its exit code (128 + n when signal n ended it).
 * Signals are passed on, once within a second: one Ctrl-C reaches this process from the terminal and
 * again from npm. The child may still see it twice (terminal, this process) and has to take that as one.
 */
export function superviseProcess(command, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options })
    const stopPassing = passSignals(child)
    const end = (code) => {
      stopPassing()
      done(code)
    }
    child.once('error', (error) => {
      if (error.name === 'AbortError') return // its exit follows
      console.error(`${command}: ${error.message}`)
      end(127)
    })
    child.once('exit', (code, signal) => end(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

function passSignals(child) {
  const last = new Map()
  const pass = (signal) => {
    const isRepeat = Date.now() - (last.get(signal) ?? 0) < 1000
    last.set(signal, Date.now())
    if (!isRepeat) child.kill(signal)
  }
  const ignore = () => {}
  for (const signal of passedOn) process.on(signal, pass)
  if (process.platform === 'win32') process.on('SIGINT', ignore)
  return () => {
    for (const signal of passedOn) process.off(signal, pass)
    process.off('SIGINT', ignore)
  }
}
