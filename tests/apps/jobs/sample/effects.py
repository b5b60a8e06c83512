"""Effects that can be counted: a table without any constraint, so that an effect that happens twice shows."""

from django.db import connection


def make_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS sample_effect (job_id bigint, step integer)")
        cursor.execute("DELETE FROM sample_effect")


def drop_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE sample_effect")


def add(job_id: int, *, step: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO sample_effect VALUES (%s, %s)", [job_id, step])


def all_effects() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT job_id, step FROM sample_effect ORDER BY job_id, step")
        return list(cursor.fetchall())
