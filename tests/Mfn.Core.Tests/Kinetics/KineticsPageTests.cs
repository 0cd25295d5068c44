using System.Text;
using Mfn.Core.Kinetics;
using Mfn.Core.Specs;

namespace Mfn.Core.Tests.Kinetics;

/// <summary>The part of docs/kinetics.md that lists equations and parameters is what the models say.</summary>
public sealed class KineticsPageTests
{
    private const string Begin = "<!-- From here on the page is what KineticsPageTests makes of the models. -->\n";
    private const string End = "<!-- Until here. -->\n";

    [Fact]
    public async Task Page_ListsTheModels()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "kinetics.md"));
        var (start, end) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
        Assert.True(start >= 0 && end > start, "The page has no markers.");
        start += Begin.Length;
        var expected = Render();

        var written = Path.Combine(AppContext.BaseDirectory, "kinetics.expected.md");
        await File.WriteAllTextAsync(written, page[..start] + expected + page[end..]);
        Assert.True(page[start..end] == expected, $"docs/kinetics.md is not what the models say. {written} is; read it before you take it.");
    }

    private static string Render()
    {
        var text = new StringBuilder();
        foreach (var model in KineticsModel.All)
        {
            text.Append('\n').Append("### ").Append(model.Name).Append("\n\n");
            foreach (var equation in model.Equations)
            {
                text.Append("    ").Append(equation).Append('\n');
            }

            text.Append("\n| parameter | in contracts | standard | range | |\n|---|---|---:|---|---|\n");
            foreach (var parameter in model.Parameters)
            {
                text.Append("| ").Append(parameter.Symbol).Append(" | `").Append(parameter.Name).Append("` | ").Append(ParameterRange.Format(parameter.Default)).Append(" | ")
                    .Append(Spell(parameter.Range)).Append(" | ").Append(parameter.Meaning).Append(" |\n");
            }

            var pattern = PatternSpec.Of(new KineticsSpec(model));
            text.Append("\nBy default cells are ").Append(ParameterRange.Format(pattern.CellWidth)).Append(" wide and a step takes ")
                .Append(ParameterRange.Format(pattern.TimeStep)).Append("; it begins with ").Append(Spell(model, pattern.Initial)).Append(". Source: ").Append(model.Source)
                .Append(".\n");
        }

        return text.Append('\n').ToString();
    }

    private static string Spell(ParameterRange range) => (range.Minimum, range.Maximum) switch
    {
        (0, double.MaxValue) => "at least 0",
        (double.Epsilon, double.MaxValue) => "above 0",
        (double.MinValue, double.MaxValue) => "any",
        var (least, most) => $"{ParameterRange.Format(least)} to {ParameterRange.Format(most)}",
    };

    private static string Spell(KineticsModel model, InitialPattern initial)
    {
        var text = new StringBuilder(initial.Uniform is { } uniform ? Spell(model, uniform) : "a uniform steady state");
        if (initial.Shape != InitialShape.None)
        {
            text.Append(", but ").Append(Spell(model, initial.Inside)).Append(initial.Shape switch
            {
                InitialShape.Patches => $" in {initial.PatchCount} patches of radius {ParameterRange.Format(initial.Size)}",
                InitialShape.Centre => $" in a disc of radius {ParameterRange.Format(initial.Size)} in the middle",
                InitialShape.Quadrant => " in one half each, the halves at a right angle",
                var shape => throw new InvalidOperationException($"{model.Name} begins with {shape}, which this test cannot spell."),
            });
        }

        return text.Append(initial.Noise > 0 ? $", and noise of {ParameterRange.Format(initial.Noise)}" : "").ToString();
    }

    private static string Spell(KineticsModel model, IEnumerable<double> values) =>
        string.Join(", ", values.Select((value, i) => $"{model.Species[i]} = {ParameterRange.Format(value)}"));

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Mfn.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
