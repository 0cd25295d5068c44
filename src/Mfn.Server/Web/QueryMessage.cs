using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Server.Calls;
using Mfn.Server.Texts;
using Microsoft.Extensions.Primitives;

namespace Mfn.Server.Web;

/// <summary>Reads fields of a message from a path and a query: <c>page_size=10</c>, <c>region.rows=4</c>; one of several values once for each.</summary>
internal static class QueryMessage
{
    /// <summary>Sets the fields that a path stands for.</summary>
    public static void ReadPath(HttpRule rule, IReadOnlyList<string> values, IMessage message, RequestProblems problems)
    {
        for (var i = 0; i < values.Count; i++)
        {
            var field = message.Descriptor.FindFieldByName(rule.Path.Fields[i]);
            if (FieldText.Parse(field, values[i], field.Name, problems) is { } value)
            {
                field.Accessor.SetValue(message, value);
            }
        }
    }

    /// <summary>Sets the fields that a query names.</summary>
    public static void Read(HttpRule rule, IQueryCollection query, IMessage message, RequestProblems problems)
    {
        foreach (var (name, values) in query)
        {
            if (rule.HasBody && !rule.IsUpload)
            {
                problems.Add(Show(name), "must be in the body: this method takes nothing from the query");
            }
            else if (rule.Path.Fields.Contains(name))
            {
                problems.Add(Show(name), "is in the path, and must not be in the query");
            }
            else if (TryFind(message, name, problems, out var owner, out var field))
            {
                Set(owner, field, name, values, problems);
            }
        }
    }

    /// <summary>Takes what a client of server-sent events says when it comes again for the token to go on from.</summary>
    public static void ReadLastEventId(IHeaderDictionary headers, IMessage message, RequestProblems problems)
    {
        const string Header = "Last-Event-ID";
        if (headers[Header].ToString() is { Length: > 0 } id && message.Descriptor.FindFieldByName("resume_token") is { } token)
        {
            Set(message, token, token.Name, id, problems);
        }
    }

    private static void Set(IMessage owner, FieldDescriptor field, string name, StringValues values, RequestProblems problems)
    {
        var isMessage = field.FieldType == FieldType.Message;
        if (isMessage && (values != "" || field.IsRepeated))
        {
            var parts = field.MessageType.Fields.InDeclarationOrder().Select(part => $"{name}.{part.Name}");
            problems.Add(name, field.IsRepeated ? "cannot be told in a query" : $"must be empty, for all defaults, or one of its fields: {string.Join(", ", parts)}");
            return;
        }

        if (values.Count > 1 && !field.IsRepeated)
        {
            problems.Add(name, "must not be there twice");
            return;
        }

        if (!IsAlone(owner, field, name, problems))
        {
            return;
        }

        if (isMessage)
        {
            Part(owner, field);
            return;
        }

        foreach (var text in values)
        {
            if (FieldText.Parse(field, text ?? "", name, problems) is not { } value)
            {
                continue;
            }

            if (field.IsRepeated)
            {
                ((IList)field.Accessor.GetValue(owner)).Add(value);
            }
            else
            {
                field.Accessor.SetValue(owner, value);
            }
        }
    }

    private static bool TryFind(IMessage message, string path, RequestProblems problems, out IMessage owner, out FieldDescriptor field)
    {
        owner = message;
        var names = path.Split('.');
        for (var i = 0; ; i++)
        {
            var found = JsonMessage.Find(owner.Descriptor, names[i]);
            field = found!;
            if (found is null)
            {
                problems.Add(Show(path), JsonMessage.Unknown(names[i], owner.Descriptor));
                return false;
            }

            if (i == names.Length - 1)
            {
                return true;
            }

            if (found.FieldType != FieldType.Message || found.IsRepeated)
            {
                problems.Add(Show(path), $"must end at {found.Name}, which has no fields of its own that a query can name");
                return false;
            }

            if (!IsAlone(owner, found, path, problems))
            {
                return false;
            }

            owner = Part(owner, found);
        }
    }

    private static bool IsAlone(IMessage owner, FieldDescriptor field, string name, RequestProblems problems)
    {
        if (field.RealContainingOneof?.Accessor.GetCaseFieldDescriptor(owner) is { } other && (other != field || field.FieldType != FieldType.Message))
        {
            problems.Add(Show(name), $"must not be set beside {other.Name}");
            return false;
        }

        return true;
    }

    private static IMessage Part(IMessage owner, FieldDescriptor field)
    {
        if (field.Accessor.GetValue(owner) is not IMessage part)
        {
            part = field.MessageType.Parser.ParseFrom(ByteString.Empty);
            field.Accessor.SetValue(owner, part);
        }

        return part;
    }

    private static string Show(string name) => CallersText.Show(name, CallersText.LongestQuote);
}
