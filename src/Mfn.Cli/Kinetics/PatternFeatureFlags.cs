using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Kinetics;

/// <summary>The options that ask for the features of a species' pattern.</summary>
internal sealed class PatternFeatureFlags
{
    private readonly Option<bool> _wanted;
    private readonly Option<double?> _threshold = NumberOption.Create<double>("--spot-threshold", "X", "Concentration that cells of spots are above (with --pattern-features). Default: the middle of the field's range.").Fills("pattern_features.threshold").Within(-1e9, 1e9);
    private readonly Option<int?> _connectivity = NumberOption.Create<int>("--spot-connectivity", "4|8", "Neighbours of a cell in a spot (with --pattern-features). Default: 4.").Fills("pattern_features.connectivity").Within(value => value is 4 or 8, "4 or 8");

    /// <param name="when">Of which fields they are computed, in words.</param>
    public PatternFeatureFlags(string when)
    {
        _wanted = new Option<bool>("--pattern-features")
        {
            Description = $"Compute what tells the species' pattern apart {when}: wavelength, spots, area, defects (kinetic models only).",
        }.Fills("pattern_features");
        _connectivity.CompletionSources.Add("4", "8");
    }

    public void AddTo(Command command)
    {
        command.Add(_wanted);
        command.Add(_threshold);
        command.Add(_connectivity);
    }

    /// <summary>How to compute them; null if they are not asked for.</summary>
    /// <exception cref="BadArgumentsException">Options would have no effect.</exception>
    public PatternFeatureOptions? Read(ParseResult arguments)
    {
        arguments.RequireFor(arguments.GetValue(_wanted), $"with {_wanted.Name}", _threshold, _connectivity);
        if (!arguments.GetValue(_wanted))
        {
            return null;
        }

        var options = new PatternFeatureOptions();
        arguments.Apply(_threshold, value => options.Threshold = value);
        arguments.Apply(_connectivity, value => options.Connectivity = value);
        return options;
    }
}
