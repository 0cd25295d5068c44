using System.CommandLine;

namespace Mfn.Cli;

/// <summary>The options of box counting, which features and fractal dimension share.</summary>
internal sealed class BoxOptions
{
    public Option<string?> Version { get; } = new("--version") { Description = "Definition: 4.1 as the reference, 5.0 without its slips. Default: 4.1.", HelpName = "4.1|5.0" };

    public Option<int?> MinBox { get; } = NumberOption.Create<int>("--min-box", "N", "Side of the smallest box in cells. Default: 2.");

    public Option<int?> MaxBox { get; } = NumberOption.Create<int>("--max-box", "N", "Side of the largest box in cells. Default: what scales and field allow.");

    public Option<int?> Scales { get; } = NumberOption.Create<int>("--scales", "N", "Number of box sizes: 2 to 20. Default: 5.");

    public void AddTo(Command command)
    {
        command.Add(Version);
        command.Add(MinBox);
        command.Add(MaxBox);
        command.Add(Scales);
    }
}
