// What allauth's passkey script leaves to the site: offer a passkey only where the browser can use one, and say it
// when it could not be used. Without scripts the buttons stay hidden and the password form is all there is.
document.addEventListener('DOMContentLoaded', () => {
  const buttons = document.querySelectorAll('[data-passkey]')
  const supported = window.isSecureContext && 'PublicKeyCredential' in window
  document.querySelectorAll('[data-passkey-offer]').forEach((offer) => { offer.hidden = !supported })
  document.querySelectorAll('[data-passkey-unsupported]').forEach((note) => { note.hidden = supported })

  buttons.forEach((button) => {
    button.addEventListener('click', () => {
      document.querySelectorAll('[data-passkey-failed]').forEach((note) => { note.hidden = true })
      button.setAttribute('aria-busy', 'true')
    })
  })
  document.addEventListener('allauth.error', (event) => {
    event.preventDefault()
    buttons.forEach((button) => { button.removeAttribute('aria-busy') })
    document.querySelectorAll('[data-passkey-failed]').forEach((note) => { note.hidden = false })
  })
})
