using Mfn.Cli.Topics;

namespace Mfn.Server.Tests.Cli.Topics;

public sealed class MarkdownTextTests
{
    [Fact]
    public void Section_OfSeveral_EndsAtTheNextOfItsLevel()
    {
        const string Page = "# Page\n\nbefore\n\n## One\n\na\n\n### Below\n\n```sh\n## a comment\n```\n\n## Two\n\nb\n";

        Assert.Equal("## One\n\na\n\n### Below\n\n```sh\n## a comment\n```\n", MarkdownText.Section(Page, "One"));
        Assert.Equal("## Two\n\nb\n", MarkdownText.Section(Page, "Two"));
        Assert.Equal("# Page\n\nbefore\n", MarkdownText.Section(Page, "Page"));
        Assert.Throws<InvalidOperationException>(() => MarkdownText.Section(Page, "Three"));
    }

    [Fact]
    public void Render_Paragraph_IsWrappedWithoutMarks() =>
        Assert.Equal("the page about\n--grid and 3 *\n4 more\n", MarkdownText.Render("[the *page*](a.md) **about**\n`--grid` and 3 * 4 more\n", 14));

    [Fact]
    public void Render_List_HangsUnderItsMarks() =>
        Assert.Equal("- one two\n  three\n- four\n\nend\n", MarkdownText.Render("- one two\n  three\n- four\n\nend\n", 9));

    [Fact]
    public void Render_CodeAndComments_AreKeptAndDropped() =>
        Assert.Equal("    mfn  --x\n", MarkdownText.Render("<!-- keys: q -->\n```sh\nmfn  --x\n```\n", 5));

    [Fact]
    public void Render_NarrowTable_IsAlignedAndItsLastColumnWrapped() =>
        Assert.Equal("a    what\nbcd  one two three four five six\n     seven\n", MarkdownText.Render("| a | what |\n|---|---|\n| `bcd` | one two three four five six seven |\n", 35));

    [Fact]
    public void Render_TableWithoutTitles_BeginsWithItsFirstRow()
    {
        const string Table = "| | |\n|---|---|\n| `-o json` | an object |\n";

        Assert.Equal("-o json  an object\n", MarkdownText.Render(Table, 80));
        Assert.Equal("-o json\n    an object\n", MarkdownText.Render(Table, 15));
    }

    [Fact]
    public void Render_WideTable_IsAParagraphARow() =>
        Assert.Equal(
            "a long first cell\n    when: one or two\n    then: three words to\n      wrap\n",
            MarkdownText.Render("| what | when | then |\n|---|---|---|\n| a long first cell | one or two | three words to wrap |\n", 24));
}
