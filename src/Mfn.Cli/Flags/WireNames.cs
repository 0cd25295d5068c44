using System.CommandLine;
using System.Runtime.CompilerServices;

namespace Mfn.Cli.Flags;

/// <summary>Which fields of the contracts an option or an argument fills, declared where it is made, so that the server's words can be told in the caller's.</summary>
internal static class WireNames
{
    private static readonly ConditionalWeakTable<Symbol, string[]> Declared = [];

    /// <summary>Declares the fields: a name such as <c>grid_size</c>, or the end of a path such as <c>rule.multi_krum.variant</c>, without positions in lists.</summary>
    public static TSymbol Fills<TSymbol>(this TSymbol symbol, params string[] fields)
        where TSymbol : Symbol
    {
        Declared.AddOrUpdate(symbol, fields);
        return symbol;
    }

    /// <summary>The fields that were declared.</summary>
    public static IReadOnlyList<string> Of(Symbol symbol) => Declared.TryGetValue(symbol, out var fields) ? fields : [];
}
