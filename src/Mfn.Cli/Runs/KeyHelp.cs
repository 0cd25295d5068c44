using Mfn.Cli.Terminals;

namespace Mfn.Cli.Runs;

/// <summary>The keys of the live view.</summary>
internal static class KeyHelp
{
    private const int KeyWidth = 8;

    // In short where the window is narrow.
    private static readonly (string Key, string Short, string Long)[] Keys =
    [
        ("space", "pause", "pauses the run, or lets it go on"),
        ("s", "one step", "takes one step, then pauses"),
        ("+ -", "pace", "makes the run faster or slower"),
        ("arrows", "cursor", "move the cursor"),
        ("i", "inject", $"adds {RunControl.InjectionMillivolts} mV around the cursor"),
        ("r", "range", "fixes the colour range, or lets it follow the field"),
        ("z Z", "zoom", "zooms in at the cursor, or out"),
        ("q", "quit", "quits; the run goes on"),
        ("? h", "these", "shows these keys, or the field"),
    ];

    /// <summary>A line a key, as many as there is room for.</summary>
    public static IEnumerable<string> Lines(int width, int height)
    {
        var areLong = Keys.All(key => KeyWidth + key.Long.Length <= width);
        return Keys.Take(Math.Max(0, height)).Select(key => FactLine.First(width, key.Key.PadRight(KeyWidth) + (areLong ? key.Long : key.Short)));
    }
}
