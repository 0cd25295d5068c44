namespace Mfn.Cli.Output;

/// <summary>Tables of text: a header, then a line an item, in columns as wide as their widest cell.</summary>
internal static class TextTable
{
    private const string Gap = "  ";

    /// <summary>Writes the items; the same on a terminal and into a pipe, so that what is seen can be cut.</summary>
    public static void Write<T>(TextWriter output, IReadOnlyList<T> items, IReadOnlyList<TextColumn<T>> columns, bool isWide)
    {
        TextColumn<T>[] shown = [.. columns.Where(column => isWide || !column.IsWide)];
        string[][] rows = [[.. shown.Select(column => column.Title)], .. items.Select(item => shown.Select(column => column.Text(item)).ToArray())];
        int[] widths = [.. shown.Select((_, i) => rows.Max(row => row[i].Length))];
        foreach (var row in rows)
        {
            var cells = row.Select((cell, i) => shown[i].IsNumber ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            output.WriteLine(string.Join(Gap, cells).TrimEnd());
        }
    }
}
