namespace Mfn.Cli.Output;

/// <summary>The form of an answer on standard output.</summary>
internal enum OutputFormat
{
    /// <summary>For people: text, lists as tables.</summary>
    Table,

    /// <summary>The same with every column.</summary>
    Wide,

    /// <summary>One JSON object, or an array of them for a list.</summary>
    Json,

    /// <summary>One JSON object a line.</summary>
    JsonLines,
}
