"""Clauses of a plan as tantivy queries, one to one."""

from collections.abc import Sequence

from tantivy import Occur, Query

from apps.search.engines.embedded.schema import AUDIENCE, schema
from epicml.audience.bands import AgeBand
from epicml.search.clauses import Best, Clause, Every, Field, Fuzzy, Relevance, Term


def compile_clause(clause: Clause) -> Query:
    """Make the query that finds what the clause means and scores it as the clause says."""
    if isinstance(clause, Term):  # nine of ten are, and a match takes as long as tantivy's own part of it
        return Query.const_score_query(_of_token(clause.field, clause.token), clause.weight)
    match clause:
        case Fuzzy(field, token, edits, weight):
            # tantivy scores any number of edits the same, so a plan that grades them asks for each.
            return _constant(Query.fuzzy_term_query(schema(), field, token, edits), weight)
        case Best(clauses):
            return Query.disjunction_max_query([compile_clause(part) for part in clauses])
        case Every(clauses, weight):
            return _every(clauses, weight)
        case Relevance(field, tokens, every):
            occur = Occur.Must if every else Occur.Should
            return Query.boolean_query([(occur, _of_token(field, token)) for token in tokens])


def _of_token(field: Field, token: str) -> Query:
    return Query.term_query(schema(), field, token, "basic")


def _every(clauses: Sequence[Clause], weight: float) -> Query:
    """Take the mean of what the parts give; tantivy can only add, and a constant costs less."""
    if len(clauses) == 1:
        return Query.boost_query(compile_clause(clauses[0]), weight)
    query = Query.boolean_query([(Occur.Must, compile_clause(part)) for part in clauses])
    given = [part.weight for part in clauses if isinstance(part, (Term, Fuzzy))]
    if len(given) == len(clauses):
        return _constant(query, weight * sum(given) / len(given) if given else weight)
    return Query.boost_query(query, weight / len(clauses))


def for_audience(query: Query, audience: AgeBand) -> Query:
    """Find the same books in the same order without those above the audience's band."""
    if audience is AgeBand.ADULT:  # may see every book: the filter would only cost
        return query
    allowed = Query.term_query(schema(), AUDIENCE, str(int(audience)), "basic")
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, _constant(allowed, 0.0))])


def _constant(query: Query, weight: float) -> Query:
    # Constant, because tantivy-py cannot turn field norms off and BM25 sinks the starts of long titles.
    return Query.const_score_query(query, weight)
