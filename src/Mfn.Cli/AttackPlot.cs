using System.Globalization;
using System.Xml.Linq;

namespace Mfn.Cli;

/// <summary>An attack table as a heat map in SVG: the colour is the logarithm of the distance.</summary>
internal static class AttackPlot
{
    private const int CellWidth = 76;
    private const int CellHeight = 30;
    private const int Left = 260;
    private const int Top = 190;
    private const int Right = 90;
    private const int LegendHeight = 90;
    private const int SwatchCount = 60;

    // The scale: what moves a rule by a hundredth of the spread is harmless, a hundredfold is lost.
    private const double SmallestExponent = -2;
    private const double LargestExponent = 2;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    // From harmless to lost; the lightness falls all the way, so that the map reads in grey too.
    private static readonly (int Red, int Green, int Blue)[] Ramp =
        [(255, 255, 229), (254, 227, 145), (254, 178, 76), (236, 98, 32), (189, 32, 38), (88, 8, 36)];

    public static XDocument Of(AttackTable table)
    {
        var width = Left + (table.Attacks.Count * CellWidth) + Right;
        var height = Top + (table.Rules.Count * CellHeight) + LegendHeight;
        var root = new XElement(
            Svg + "svg",
            new XAttribute("viewBox", $"0 0 {width} {height}"),
            new XAttribute("width", width),
            new XAttribute("height", height),
            new XAttribute("role", "img"),
            new XAttribute("font-family", "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"),
            new XElement(Svg + "title", $"How far attacks move aggregation rules: {table.Caption}"),
            Rectangle(0, 0, width, height, "#ffffff"),
            Text(24, 36, "How far attacks move aggregation rules", size: 20, weight: "bold"),
            Text(24, 60, $"{table.Caption}. Distance of the aggregate from the honest mean,", size: 13, fill: "#555555"),
            Text(24, 78, "in units of the honest updates' root-mean-square distance from it.", size: 13, fill: "#555555"));
        AddHeadings(root, table);
        for (var rule = 0; rule < table.Rules.Count; rule++)
        {
            for (var attack = 0; attack < table.Attacks.Count; attack++)
            {
                AddCell(root, table, rule, attack);
            }
        }

        AddLegend(root, Top + (table.Rules.Count * CellHeight) + 26);
        return new XDocument(root);
    }

    private static void AddHeadings(XElement root, AttackTable table)
    {
        for (var attack = 0; attack < table.Attacks.Count; attack++)
        {
            var x = Left + (attack * CellWidth) + (CellWidth / 2);
            root.Add(Text(x, Top - 10, table.Attacks[attack], size: 12, rotation: -30));
        }

        for (var rule = 0; rule < table.Rules.Count; rule++)
        {
            root.Add(Text(Left - 10, Top + (rule * CellHeight) + 20, table.Rules[rule], size: 13, anchor: "end"));
        }
    }

    private static void AddCell(XElement root, AttackTable table, int rule, int attack)
    {
        var displacement = table[rule, attack];
        var (x, y) = (Left + (attack * CellWidth), Top + (rule * CellHeight));
        var color = displacement.RelativeDistance is { } distance ? ColorOf(distance) : (238, 238, 238);
        var cell = Rectangle(x + 1, y + 1, CellWidth - 2, CellHeight - 2, Hex(color));
        cell.Add(new XElement(Svg + "title", $"{table.Rules[rule]}, {table.Attacks[attack]}: {displacement.Refusal ?? AttackTable.Format(displacement)}"));
        root.Add(cell, Text(x + (CellWidth / 2), y + 20, AttackTable.Format(displacement), size: 12, anchor: "middle", fill: IsDark(color) ? "#ffffff" : "#222222"));
    }

    private static void AddLegend(XElement root, int y)
    {
        const int SwatchWidth = 6;
        for (var i = 0; i < SwatchCount; i++)
        {
            var exponent = SmallestExponent + ((LargestExponent - SmallestExponent) * i / (SwatchCount - 1));
            root.Add(Rectangle(Left + (i * SwatchWidth), y, SwatchWidth, 14, Hex(ColorOf(Math.Pow(10, exponent)))));
        }

        string[] ticks = ["≤ 0.01", "0.1", "1", "10", "≥ 100"];
        for (var i = 0; i < ticks.Length; i++)
        {
            root.Add(Text(Left + (i * SwatchWidth * SwatchCount / (ticks.Length - 1)), y + 30, ticks[i], size: 12, anchor: "middle"));
        }

        var note = Left + (SwatchWidth * SwatchCount) + 40;
        root.Add(Text(note, y + 12, "1 = as far as an honest update", size: 12, fill: "#555555"));
        root.Add(Text(note, y + 30, "n/a = refused: too few updates for f", size: 12, fill: "#555555"));
    }

    private static (int Red, int Green, int Blue) ColorOf(double distance)
    {
        var exponent = Math.Clamp(Math.Log10(distance), SmallestExponent, LargestExponent);
        var position = (exponent - SmallestExponent) / (LargestExponent - SmallestExponent) * (Ramp.Length - 1);
        var lower = Math.Min((int)position, Ramp.Length - 2);
        var (from, to) = (Ramp[lower], Ramp[lower + 1]);
        return (Mix(from.Red, to.Red), Mix(from.Green, to.Green), Mix(from.Blue, to.Blue));

        int Mix(int a, int b) => (int)Math.Round(a + ((b - a) * (position - lower)));
    }

    private static bool IsDark((int Red, int Green, int Blue) color) => (0.299 * color.Red) + (0.587 * color.Green) + (0.114 * color.Blue) < 140;

    private static string Hex((int Red, int Green, int Blue) color) => $"#{color.Red:x2}{color.Green:x2}{color.Blue:x2}";

    private static XElement Rectangle(int x, int y, int width, int height, string fill) => new(
        Svg + "rect",
        new XAttribute("x", x),
        new XAttribute("y", y),
        new XAttribute("width", width),
        new XAttribute("height", height),
        new XAttribute("fill", fill));

    private static XElement Text(
        int x, int y, string text, int size, string anchor = "start", string fill = "#222222", string weight = "normal", int rotation = 0)
    {
        var element = new XElement(
            Svg + "text",
            new XAttribute("x", x),
            new XAttribute("y", y),
            new XAttribute("font-size", size),
            new XAttribute("font-weight", weight),
            new XAttribute("text-anchor", anchor),
            new XAttribute("fill", fill),
            text);
        if (rotation != 0)
        {
            element.Add(new XAttribute("transform", string.Create(CultureInfo.InvariantCulture, $"rotate({rotation} {x} {y})")));
        }

        return element;
    }
}
