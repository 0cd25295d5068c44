namespace Mfn.Cli.Pictures;

/// <summary>Digits, signs and the unit in pixels: what a colour bar is labelled with.</summary>
internal static class PixelFont
{
    public const int GlyphHeight = 7;
    public const int GlyphWidth = 5;
    private const int Advance = GlyphWidth + 1;

    // Seven rows of five pixels each, from the top.
    private static readonly Dictionary<char, string[]> Glyphs = new()
    {
        ['0'] = [".###.", "#...#", "#..##", "#.#.#", "##..#", "#...#", ".###."],
        ['1'] = ["..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."],
        ['2'] = [".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"],
        ['3'] = [".###.", "#...#", "....#", "..##.", "....#", "#...#", ".###."],
        ['4'] = ["...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."],
        ['5'] = ["#####", "#....", "####.", "....#", "....#", "#...#", ".###."],
        ['6'] = [".###.", "#....", "#....", "####.", "#...#", "#...#", ".###."],
        ['7'] = ["#####", "....#", "...#.", "..#..", "..#..", "..#..", "..#.."],
        ['8'] = [".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."],
        ['9'] = [".###.", "#...#", "#...#", ".####", "....#", "....#", ".###."],
        ['-'] = [".....", ".....", ".....", "#####", ".....", ".....", "....."],
        ['.'] = [".....", ".....", ".....", ".....", ".....", ".##..", ".##.."],
        ['m'] = [".....", ".....", "##.#.", "#.#.#", "#.#.#", "#.#.#", "#.#.#"],
        ['V'] = ["#...#", "#...#", "#...#", "#...#", "#...#", ".#.#.", "..#.."],
        [' '] = [".....", ".....", ".....", ".....", ".....", ".....", "....."],
    };

    /// <summary>Columns that a text takes.</summary>
    public static int WidthOf(string text, int scale) => Math.Max(0, (text.Length * Advance) - 1) * scale;

    /// <summary>Writes a text of digits, <c>-</c>, <c>.</c>, blanks and <c>mV</c>; the picture must have room for it.</summary>
    public static void Write(Picture picture, string text, int row, int column, int scale)
    {
        foreach (var (index, character) in text.Index())
        {
            var glyph = Glyphs[character];
            for (var y = 0; y < GlyphHeight; y++)
            {
                for (var x = 0; x < GlyphWidth; x++)
                {
                    if (glyph[y][x] == '#')
                    {
                        picture.Fill(row + (y * scale), column + (((index * Advance) + x) * scale), scale, scale, Picture.Ink);
                    }
                }
            }
        }
    }
}
