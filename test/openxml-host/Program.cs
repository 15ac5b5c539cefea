// Says what is wrong with workbooks by the rules of Office Open XML: one line for each error. Ends with 1 where there is
// one. Each argument is a file.
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Validation;

var wrong = 0;
foreach (var path in args)
{
    try
    {
        using var document = SpreadsheetDocument.Open(path, false);
        var validator = new OpenXmlValidator(FileFormatVersions.Microsoft365) { MaxNumberOfErrors = 100 };
        foreach (var error in validator.Validate(document))
        {
            wrong++;
            Console.WriteLine($"{path}: {error.Part?.Uri} {error.Path?.XPath}: {error.Description}");
        }
        // The validator does not follow what tables and links refer to.
        foreach (var sheet in document.WorkbookPart!.WorksheetParts)
            foreach (var table in sheet.TableDefinitionParts)
                if (table.Table!.TableColumns!.Count! != table.Table.TableColumns.ChildElements.Count)
                {
                    wrong++;
                    Console.WriteLine($"{path}: {table.Uri}: the number of columns is wrong");
                }
    }
    catch (Exception error)
    {
        wrong++;
        Console.WriteLine($"{path}: {error.GetType().Name}: {error.Message}");
    }
}
return wrong == 0 ? 0 : 1;
