using System.Globalization;
using Mfn.Cli.Output;

namespace Mfn.Cli.Top;

/// <summary>The columns of runs and of methods, and what they are sorted by.</summary>
internal static class TopTable
{
    /// <summary>What runs are sorted by.</summary>
    public static readonly IReadOnlyList<string> RunOrders = ["rate", "watchers", "cells", "step", "name"];

    /// <summary>What methods are sorted by.</summary>
    public static readonly IReadOnlyList<string> MethodOrders = ["calls", "open", "failed", "time", "name"];

    public static IReadOnlyList<TextColumn<RunLoad>> RunColumns(int idLength) =>
    [
        new("RUN", each => each.Run.RunId[..Math.Min(idLength, each.Run.RunId.Length)]),
        new("NAME", each => each.Run.Name),
        new("STATE", each => WireName.Of(each.Run.State).ToLowerInvariant()),
        new("STEP", each => each.Run.Step.ToString(CultureInfo.InvariantCulture), IsNumber: true),
        new("STEPS/S", each => Quantity.Count(each.StepsPerSecond), IsNumber: true),
        new("WATCHERS", each => each.Run.WatcherCount.ToString(CultureInfo.InvariantCulture), IsNumber: true),
        new("CELLS", each => Quantity.Count(Cells(each)), IsNumber: true),
    ];

    public static IReadOnlyList<TextColumn<MethodLoad>> MethodColumns { get; } =
    [
        new("METHOD", each => each.Method),
        new("CALLS/S", each => Quantity.Count(each.Calls), IsNumber: true),
        new("FAILED/S", each => Quantity.Count(each.Failed), IsNumber: true),
        new("OPEN", each => Quantity.Count(each.Open), IsNumber: true),
        new("99 %", each => Quantity.Time(each.Time), IsNumber: true),
        new("SERVICE", each => each.Service),
    ];

    /// <summary>The runs in an order, the most first; those that are alike by their ids, so that they keep their places.</summary>
    public static IReadOnlyList<RunLoad> Sort(IEnumerable<RunLoad> runs, string order, bool isReversed) => Turn(
        order switch
        {
            "watchers" => runs.OrderByDescending(each => each.Run.WatcherCount),
            "cells" => runs.OrderByDescending(Cells),
            "step" => runs.OrderByDescending(each => each.Run.Step),
            "name" => runs.OrderBy(each => each.Run.Name, StringComparer.Ordinal),
            _ => runs.OrderByDescending(each => each.StepsPerSecond ?? -1),
        },
        each => each.Run.RunId,
        isReversed);

    /// <summary>The methods in an order.</summary>
    public static IReadOnlyList<MethodLoad> Sort(IEnumerable<MethodLoad> methods, string order, bool isReversed) => Turn(
        order switch
        {
            "open" => methods.OrderByDescending(each => each.Open),
            "failed" => methods.OrderByDescending(each => each.Failed ?? -1),
            "time" => methods.OrderByDescending(each => each.Time ?? -1),
            "name" => methods.OrderBy(each => each.Method, StringComparer.Ordinal),
            _ => methods.OrderByDescending(each => each.Calls ?? -1),
        },
        each => each.Method,
        isReversed);

    /// <summary>How many cells a run has; of a damaged one nobody knows.</summary>
    public static double? Cells(RunLoad run) => run.Run.Spec is { } spec && Kinetics.SpecShape.Of(spec) is var (rows, columns) ? (double)rows * columns : null;

    private static IReadOnlyList<T> Turn<T>(IOrderedEnumerable<T> sorted, Func<T, string> id, bool isReversed)
    {
        var all = sorted.ThenBy(id, StringComparer.Ordinal);
        return isReversed ? [.. all.Reverse()] : [.. all];
    }
}
