// As much of npm's `sqlite3` as Sequelize uses, on Node's own SQLite.
"use strict";
const { DatabaseSync } = require("node:sqlite");

const CONSTRAINT = 19; // https://sqlite.org/rescode.html#constraint

/** What Sequelize looks at after a query, as `this` of the callback. */
class Statement {
  constructor({ lastInsertRowid = 0, changes = 0 } = {}) {
    this.lastID = Number(lastInsertRowid);
    this.changes = Number(changes);
  }
}

function asSqlite3(error) {
  const kind = (error.errcode & 0xff) === CONSTRAINT ? "SQLITE_CONSTRAINT" : "SQLITE_ERROR";
  return Object.assign(new Error(`${kind}: ${error.message}`), { code: kind, errno: error.errcode });
}

class Database {
  #database;

  constructor(filename, _mode, opened) {
    this.filename = filename;
    this.#database = new DatabaseSync(filename);
    setImmediate(opened, null);
  }

  serialize(work) {
    work();
  }

  run(sql, ...rest) {
    this.#ask(rest, (values) => {
      const { lastInsertRowid, changes } = this.#database.prepare(sql).run(...values);
      return [new Statement({ lastInsertRowid, changes })];
    });
  }

  all(sql, ...rest) {
    this.#ask(rest, (values) => [new Statement(), this.#database.prepare(sql).all(...values)]);
  }

  exec(sql, done) {
    this.#ask([done], () => (this.#database.exec(sql), [new Statement()]));
  }

  close(done) {
    this.#ask([done], () => (this.#database.close(), [new Statement()]));
  }

  #ask(rest, work) {
    const done = rest.findLast((given) => typeof given === "function") ?? (() => {});
    const [values] = rest.filter((given) => given !== done);
    let answer;
    try {
      answer = [null, ...work(Array.isArray(values) ? values : values == null ? [] : [values])];
    } catch (error) {
      answer = [asSqlite3(error), new Statement()];
    }
    const [error, statement, rows] = answer;
    setImmediate(() => done.call(statement, error, rows));
  }
}

module.exports = { Database, OPEN_READONLY: 1, OPEN_READWRITE: 2, OPEN_CREATE: 4 };
