using System.CommandLine;
using Mfn.Cli.Flags;

namespace Mfn.Cli;

/// <summary>The options of box counting, which features and fractal dimension share.</summary>
internal sealed class BoxOptions
{
    public Option<string?> Version { get; } = ChoiceOption.Create("--version", "Definition: 4.1 as the reference, 5.0 without its slips. Default: 4.1.", ["4.1", "5.0"]).Fills("definition_version");

    public Option<int?> MinBox { get; } = NumberOption.Create<int>("--min-box", "N", "Side of the smallest box in cells. Default: 2.").Fills("min_box_size").AtLeast(1);

    public Option<int?> MaxBox { get; } = NumberOption.Create<int>("--max-box", "N", "Side of the largest box in cells. Default: what scales and field allow.").Fills("max_box_size").AtLeast(1);

    public Option<int?> Scales { get; } = NumberOption.Create<int>("--scales", "N", "Number of box sizes: 2 to 20. Default: 5.").Fills("scale_count").Within(2, 20);

    public void AddTo(Command command)
    {
        command.Add(Version);
        command.Add(MinBox);
        command.Add(MaxBox);
        command.Add(Scales);
    }
}
