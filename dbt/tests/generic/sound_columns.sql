{#
    What a table's rows must hold, in one test a table, because each test costs a start of its own; a row a finding.
    `unique`: a column whose values are told apart, nulls aside; or a list of columns that together name one row, where nulls
    count as equal. `never_null`: columns that always have a value. `accepted_values`: {column: its values}, and
    `accepted_range`: {column: [lowest, highest]}, both included, the highest left out where there is none; null passes both.
    `unknown_member`: the key of a dimension that has exactly one row for 'unknown', so that no fact is dropped. Of versions,
    by the columns that name the thing: `no_gap`, they follow each other from the beginning of time to its end; `no_overlap`,
    they are no two at a time, and none is empty or runs backwards; `one_current`, exactly one is marked as current.
    A daily run asks of the rows that it has written what can be asked of a row, if the others held before.
#}
{% test sound_columns(
    model, unique=[], never_null=[], accepted_values={}, accepted_range={}, unknown_member=none, no_gap=[], no_overlap=[],
    one_current=[]
) %}
{{ config(fail_calc='coalesce(sum(row_count), 0)', meta={'tells_findings': true}) }}

{%- set findings, keys = [], keys_written(model).split() %}
{%- set asked = 'asked' if keys else model %}
{%- set columns_asked = keys + never_null + no_overlap + accepted_values.keys() | list + accepted_range.keys() | list %}
{%- for entry in unique %}
    {%- set columns = [entry] if entry is string else entry %}
    {%- set rows = repeated_rows(model, columns, entry if entry is string else none, keys) %}
    {%- do columns_asked.extend(columns) %}
    {%- do findings.append((columns | join(', ') ~ ' is not unique', rows)) %}
{%- endfor %}
{%- for column in never_null %}
    {%- do findings.append((column ~ ' is null', 'select ' ~ column ~ ' from ' ~ asked ~ ' where ' ~ column ~ ' is null')) %}
{%- endfor %}
{%- for column, accepted in accepted_values.items() %}
    {%- do findings.append((column ~ ' is none of its values', rows_of_other_values(asked, column, accepted))) %}
{%- endfor %}
{%- for column, bounds in accepted_range.items() %}
    {%- do findings.append((column ~ ' is out of its range', rows_out_of_range(asked, column, bounds))) %}
{%- endfor %}
{%- if unknown_member %}
    {%- do findings.append((unknown_member ~ ' has not one row for unknown', no_unknown_member(model, unknown_member))) %}
{%- endif %}
{%- if no_gap %}
    {%- set by = no_gap | join(', ') %}
    {%- do findings.append(('versions of ' ~ by ~ ' leave a gap or overlap', rows_beside_a_gap(model, by))) %}
{%- endif %}
{%- if no_overlap %}
    {%- set by = no_overlap | join(', ') %}
    {%- do findings.append(('intervals of ' ~ by ~ ' overlap or are empty', rows_that_overlap(model, by, keys))) %}
{%- endif %}
{%- if one_current %}
    {%- set by = one_current | join(', ') %}
    {%- do findings.append((by ~ ' has not one current version', things_without_one_current(model, by))) %}
{%- endif %}

{%- if keys %}
with asked as ({{ rows_written(model, keys, columns_asked | unique) }})
{%- endif %}
{%- for sentence, rows in findings %}
    select
        '{{ sentence }}' as finding,
        count(*) as row_count
    from (
        {{ rows }}
    ) as fault
    having count(*) > 0
    {% if not loop.last %}union all{% endif %}
{%- endfor %}

{% endtest %}
