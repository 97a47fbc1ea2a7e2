/** What is sent of a holder: empty fields are left out. */

export function holderBody(values: { name: string; post: string; phone: string }): Record<string, string> {
  const phone = values.phone.trim()
  return { name: values.name.trim(), post: values.post.trim(), ...(phone === '' ? {} : { phone }) }
}

export const nobody = () => ({ name: '', post: '', phone: '' })
