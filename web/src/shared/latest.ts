/**
 * Answers may come in another order than they were asked for. Returns what is called when something
 * is asked; that returns whether nothing has been asked since, which is asked when the answer is here.
 */
export function latest(): () => () => boolean {
  let asked = 0
  return () => {
    asked += 1
    const mine = asked
    return () => mine === asked
  }
}
