namespace Mfn.Server.Logging;

/// <summary>
/// What the lines have in common that are logged while it is the scope: members of each line of JSON, by the names that they have there. Its members are asked for when a line
/// is written, and not before.
/// </summary>
internal interface ILogScope : IReadOnlyList<KeyValuePair<string, object?>>;
