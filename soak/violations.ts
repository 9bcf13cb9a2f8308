/** What must not be and was. */
export class Violations {
  readonly found: string[] = []
  /** What can be put down to the servers, should it turn out that they changed hands by themselves. */
  #suspected: string[] = []

  report(what: string): void {
    this.found.push(what)
  }

  suspect(what: string): void {
    this.#suspected.push(what)
  }

  get any(): boolean {
    return this.found.length > 0
  }

  /** Decides on the suspected. How many were let off. */
  decide(excused: boolean): number {
    const suspected = this.#suspected.splice(0)
    if (excused) return suspected.length
    this.found.push(...suspected)
    return 0
  }
}
