import pytest

from publisher.content.shortcodes import expand


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a {{< comment >}} hidden {{< x >}} {{< /comment >}} b", "a  b"),
        ("a {% comment %} hidden {% endcomment %} b", "a  b"),
        ('{{% def id="x" %}} kept {{% /def %}}', " kept "),
        ("{{< toc >}}", ""),
        ("<{{% param url %}}>", ""),
        ("{{ site.baseurl }}/x", "/x"),
        ("{% include a.html %}b", "b"),
        ("{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
        ("{{< youtube abcdef12345 >}}", "<https://www.youtube.com/watch?v=abcdef12345>"),
        ('{{< youtube id="abcdef12345" >}}', "<https://www.youtube.com/watch?v=abcdef12345>"),
        ('{{< youtube "><script>" >}}', ""),
        ('[a]({{< ref "b.md" >}})', "[a](b.md)"),
        ("[a]({{< relref `b c.md` >}})", "[a](b%20c.md)"),
        (
            '{{< figure src="a.png" alt="A <b>" caption="C" >}}',
            '<figure><img src="a.png" alt="A &lt;b&gt;"><figcaption>C</figcaption></figure>',
        ),
        ("`{{< toc >}}` and ``{{ x }} ` ``", "`{{< toc >}}` and ``{{ x }} ` ``"),
        ("```\n{{< toc >}}\n```\n{{< toc >}}", "```\n{{< toc >}}\n```\n"),
        ("~~~~\n~~~\n{{ x }}\n~~~~\n{{ x }}", "~~~~\n~~~\n{{ x }}\n~~~~\n"),
        ("> ```\n> {{ x }}\n> ```\n{{ x }}", "> ```\n> {{ x }}\n> ```\n"),
        ("text\n\n    {{ code }}\n\n{{ x }}", "text\n\n    {{ code }}\n\n"),
        ("- item\n\n    {{ x }}more", "- item\n\n    more"),
        ("{{</* figure */>}}", "{{&lt; figure &gt;}}"),
        ("{% highlight ruby %}a{% endhighlight %}", "\n\n```ruby\na\n```\n\n"),
        ("{{ open", "{{ open"),
        ("{{< comment >}} never closed", " never closed"),
        ("no tags { at } all", "no tags { at } all"),
    ],
)
def test_tags_outside_of_code_are_understood_or_taken_out(source, text):
    assert expand(source).text == text


def test_what_was_taken_out_is_named_with_its_first_place():
    found = expand("a {{< toc >}} {{ page.title }} {{< toc >}} {{< figure src=x >}} {{% /def %}}")
    assert found.removed == {"toc": 2, "page.title": 14}
